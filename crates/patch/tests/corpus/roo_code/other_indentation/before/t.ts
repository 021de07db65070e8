    function t() {
        return true;
    }
