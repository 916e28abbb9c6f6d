from polyloop.engines.pyscf import Level

LEVEL = Level("hf", "def2-svpd-lean", "def2-mixed-fit")


class _S:
    name = "none"
    level_std = 0.02
    dispersion_std = 0.05

    def apply(self, a):
        return a


SCALE = _S()
