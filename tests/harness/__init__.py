"""What the black-box tests stand on: a daemon, clients written for AWS, and deployed functions. See tests/README.md."""
