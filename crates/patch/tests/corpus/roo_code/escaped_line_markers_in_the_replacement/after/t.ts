:start_line:5
:end_line:10
b
