"""Example programs that ship with the package. `localsqs demo` runs `orders`."""
