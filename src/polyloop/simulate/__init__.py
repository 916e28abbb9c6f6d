"""The science: from a repeat unit to property values with error bars."""
