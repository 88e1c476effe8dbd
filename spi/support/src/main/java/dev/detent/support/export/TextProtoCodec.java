package dev.detent.support.export;

import dev.detent.spi.export.Artifact;
import dev.detent.spi.export.ExportContext;
import dev.detent.support.export.ProtoMessage.Field;
import dev.detent.support.export.ProtoMessage.Symbol;

/**
 * Protobuf's text form: {@code field: value} and {@code field { … }}, one per line. Carries every name: strings are
 * quoted, with the escapes that JSON and protobuf share ({@code \" \\ \n \r \t \b \f \\uXXXX}).
 */
public final class TextProtoCodec implements SideFileCodec<ProtoMessage> {

    @Override
    public void write(ExportContext context, String file, ProtoMessage document) {
        StringBuilder text = new StringBuilder();
        for (Field f : document.fields()) {
            write(context, text, f, 0);
        }
        context.text(file, text.toString());
    }

    private static void write(ExportContext context, StringBuilder text, Field f, int depth) {
        String indent = "  ".repeat(depth);
        text.append(indent).append(f.name());
        if (f.value() instanceof ProtoMessage m && m.isOneLine()) {
            text.append(" {");
            m.fields()
                    .forEach(i -> text.append(' ').append(i.name()).append(": ").append(scalar(context, i.value())));
            text.append(" }\n");
        } else if (f.value() instanceof ProtoMessage m) {
            text.append(" {\n");
            m.fields().forEach(i -> write(context, text, i, depth + 1));
            text.append(indent).append("}\n");
        } else {
            text.append(": ").append(scalar(context, f.value())).append('\n');
        }
    }

    private static String scalar(ExportContext context, Object value) {
        return value instanceof String s
                ? context.json(s).strip()
                : value instanceof Symbol s
                        ? s.name()
                        : value instanceof Float f ? context.decimal(f) : String.valueOf(value);
    }

    @Override
    public ProtoMessage read(Artifact artefact, String file) {
        return new TextProtoParser(file, artefact.text(file)).document();
    }
}
