"""Review by exception: exceptions, assessment, review rules. Pure."""
