import io


def load(path):
    with open(path) as file:
        return file.read()


def save(path, text):
    with open(path, 'x') as file:
        file.write(text)
