       for (;;) {
               print();
       }
