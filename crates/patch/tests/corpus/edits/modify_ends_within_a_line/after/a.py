import os

def g(y):
    return x + 1
