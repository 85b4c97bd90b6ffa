"""Evaluates and coalesces on Spark what `push` then delivers from one machine."""

from listrak_sync.spark.run import final_values

__all__ = ["final_values"]
