"""`make lint`."""


def lint():
    return 0
