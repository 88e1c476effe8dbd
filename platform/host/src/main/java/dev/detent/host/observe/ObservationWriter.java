package dev.detent.host.observe;

import dev.detent.spi.observe.SketchState;
import java.io.DataOutputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The payload of a file of statistics; {@link ObservationReader} reads it. Whole numbers take as many bytes as they
 * need.
 */
final class ObservationWriter {

    private final DataOutputStream out;

    ObservationWriter(DataOutputStream out) {
        this.out = out;
    }

    void write(Observations o) throws IOException {
        text(o.origin().model());
        text(o.origin().preprocessing());
        text(o.origin().observers());
        number(o.data().digests().size());
        for (String digest : o.data().digests()) {
            text(digest);
        }
        number(o.data().samples());
        number(o.data().shards());
        number(o.data().held().size());
        for (int shard : o.data().held()) {
            number(shard);
        }
        number(o.graphs().size());
        for (Map.Entry<String, ? extends Map<Observations.Key, Observations.Kept>> graph :
                o.graphs().entrySet()) {
            text(graph.getKey());
            number(graph.getValue().size());
            for (Map.Entry<Observations.Key, Observations.Kept> e :
                    graph.getValue().entrySet()) {
                text(e.getKey().value());
                text(e.getKey().kept());
                number(e.getKey().limit());
                number(e.getValue().everywhere() ? 1 : 0);
                state(e.getValue().state());
            }
        }
    }

    private void state(SketchState state) throws IOException {
        number(state.parts().size());
        for (Map.Entry<String, SketchState.Part> e : state.parts().entrySet()) {
            text(e.getKey());
            part(e.getValue());
        }
    }

    private void part(SketchState.Part part) throws IOException {
        if (part instanceof SketchState.Extremes e) {
            out.writeByte(PartKind.EXTREMES);
            number(e.length());
            for (int i = 0; i < e.length(); i++) {
                out.writeInt(Float.floatToIntBits(e.smallest()[i]));
                out.writeInt(Float.floatToIntBits(e.largest()[i]));
            }
        } else if (part instanceof SketchState.Sums s) {
            out.writeByte(PartKind.SUMS);
            number(s.values().size());
            for (BigInteger v : s.values()) {
                byte[] bytes = v.toByteArray();
                number(bytes.length);
                out.write(bytes);
            }
        } else if (part instanceof SketchState.Distribution d) {
            out.writeByte(PartKind.DISTRIBUTION);
            number(d.few());
            number(d.exact() ? 1 : 0);
            counts(d.counts());
        } else if (part instanceof SketchState.Counts c) {
            out.writeByte(PartKind.COUNTS);
            counts(c);
        }
    }

    /** Keys ascend: what lies between two takes fewer bytes than they. */
    private void counts(SketchState.Counts c) throws IOException {
        number(c.keys().length);
        long before = 0;
        for (int i = 0; i < c.keys().length; i++) {
            number(c.keys()[i] - before);
            number(c.counts()[i]);
            before = c.keys()[i];
        }
    }

    private void text(String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        number(bytes.length);
        out.write(bytes);
    }

    /** Seven bits a byte, the lowest first. */
    private void number(long value) throws IOException {
        long rest = value;
        while ((rest & ~0x7fL) != 0) {
            out.writeByte((int) (rest & 0x7f | 0x80));
            rest >>>= 7;
        }
        out.writeByte((int) rest);
    }
}
