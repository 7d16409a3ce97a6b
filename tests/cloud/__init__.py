"""The deployed application on the local AWS, driven from outside as AWS would drive it."""
