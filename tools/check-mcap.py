"""Reads a recording with the MCAP project's own Python reader and its protocol-buffer decoder, and says what it found, as JSON.

    pip install mcap mcap-protobuf-support
    python tools/check-mcap.py session.mcap
"""

import hashlib
import json
import sys

from mcap.exceptions import EndOfFile
from mcap.reader import NonSeekingReader, SeekingReader
from mcap_protobuf.decoder import DecoderFactory


def described(topic, schema, decoded):
    """The parts of a decoded message that a test compares."""
    if schema == "foxglove.Log":
        return {"level": decoded.level, "message": decoded.message, "name": decoded.name}
    if schema in ("foxglove.CompressedImage", "foxglove.RawImage"):
        kind = decoded.format if schema.endswith("CompressedImage") else decoded.encoding
        stamp = decoded.timestamp.seconds * 10**9 + decoded.timestamp.nanos
        return {"kind": kind, "camera": decoded.frame_id, "stamp": stamp, "sha256": hashlib.sha256(decoded.data).hexdigest()}
    return None


def main():
    cut = "--cut" in sys.argv
    with open(sys.argv[1], "rb") as stream:
        factory = DecoderFactory()
        reader = (NonSeekingReader if cut else SeekingReader)(stream, validate_crcs=True)
        messages, decoders = [], {}
        try:
            for schema, channel, message in reader.iter_messages(log_time_order=not cut):
                said = {"topic": channel.topic, "schema": schema.name, "time": message.log_time, "sequence": message.sequence}
                if channel.message_encoding == "json":
                    said["json"] = json.loads(message.data)
                else:
                    decode = decoders.setdefault(schema.id, factory.decoder_for(channel.message_encoding, schema))
                    said["protobuf"] = described(channel.topic, schema.name, decode(message.data))
                messages.append(said)
        except EndOfFile:
            assert cut, "the file ends early"
        found = {"messages": messages}
        if not cut:
            found["metadata"] = {record.name: dict(record.metadata) for record in reader.iter_metadata()}
            found["attachments"] = {record.name: record.data.decode() for record in reader.iter_attachments()}
            found["count"] = reader.get_summary().statistics.message_count
    json.dump(found, sys.stdout)


main()
