def f(url):
    return fetch(url).json()
