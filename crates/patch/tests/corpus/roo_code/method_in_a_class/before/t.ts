class E {
    constructor() {
        this.v = 0
    }

    get() {
        return this.v
    }
}
