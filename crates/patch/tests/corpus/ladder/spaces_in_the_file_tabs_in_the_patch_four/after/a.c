f {
    y;
        z;
