"""Benchmarks: each compares with a bare loop in the same run, because only such ratios mean something on another machine."""
