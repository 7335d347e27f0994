"""What a run says while it trains: metrics, snapshots, animation, trouble."""
