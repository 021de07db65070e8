class E {
    constructor() {
        this.v = 0
    }

    get() {
        log()
        return this.v
    }
}
