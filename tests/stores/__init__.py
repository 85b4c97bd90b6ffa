"""Tests of objects in stores, against an S3 server on loopback."""
