"""The controllers together: who handles a result, when screens are drawn, which page a key opens."""
