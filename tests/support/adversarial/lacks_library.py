"""A method whose library is not installed."""

import a_library_that_nobody_has

from tests.support.adversarial.honest import Honest


class LacksLibrary(Honest):
    """Would call its library."""

    library = a_library_that_nobody_has
