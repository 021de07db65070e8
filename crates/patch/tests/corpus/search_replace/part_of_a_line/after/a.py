def f(url):
    return fetch(url, timeout=5).json()
