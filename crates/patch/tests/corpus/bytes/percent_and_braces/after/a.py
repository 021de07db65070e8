print('%s {0} {{}} %%' % x)
