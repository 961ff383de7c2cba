"""What happens to files that were written to break something, or by somebody in a hurry?"""
