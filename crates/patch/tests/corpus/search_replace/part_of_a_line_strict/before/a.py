    return fetch(url).json()
