new
content
