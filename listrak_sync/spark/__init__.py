"""Evaluates and coalesces on Spark what `push` then delivers from one machine."""

from listrak_sync.spark.notebook import final_values

__all__ = ["final_values"]
