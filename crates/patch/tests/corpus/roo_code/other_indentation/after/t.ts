    function t() {
        return false;
    }
