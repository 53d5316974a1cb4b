"""Single precision: what a framework computes in float32."""


def f32(value: float) -> float:
    """The float32 nearest to `value`."""
    import struct  # here, so that the function stands alone in the code that `lrsched code` writes

    (single,) = struct.unpack("f", struct.pack("f", value))
    return float(single)
