x
        // Filter
        List a = new List(
                b);