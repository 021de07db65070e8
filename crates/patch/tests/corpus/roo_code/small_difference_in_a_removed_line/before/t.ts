function get() {
    const results = fetchData();
    return results.filter(Boolean);
}
