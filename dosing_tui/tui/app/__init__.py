"""the Textual App, its ticks and its threads"""
