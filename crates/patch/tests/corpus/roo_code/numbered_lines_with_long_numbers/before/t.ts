x
        List a = new List(
                b);