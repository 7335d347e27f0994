"""`python -m mapgan`, `torchrun -m mapgan` and `accelerate launch -m mapgan`."""

from mapgan.cli import main

if __name__ == "__main__":  # worker processes import this file too
    main()
