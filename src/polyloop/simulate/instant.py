PROPERTIES=()
instant_optics=None
