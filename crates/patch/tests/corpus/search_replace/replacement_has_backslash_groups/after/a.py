return re.sub(r'(a)', r'\1\g<0>\n', s)
