function process(data) {
    return data.map(u => u.name);
}
