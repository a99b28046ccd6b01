"""What a fit lifts from one picture into all frames: tracks, keypoints, mattes, finer frames."""
