PROPERTIES=()
quick_optics=None
