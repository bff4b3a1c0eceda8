"""Review by exception: exceptions, assessment, review rules. No I/O."""
