a {
}
b {
}
c {
}
d {
}
