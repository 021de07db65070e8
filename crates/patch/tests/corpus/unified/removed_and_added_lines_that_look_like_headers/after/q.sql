select 1
++ b comment
select 2
