package dev.detent.support.export;

import dev.detent.support.export.ProtoMessage.Field;
import dev.detent.support.export.ProtoMessage.Symbol;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads what {@link TextProtoCodec} writes; anything else is a UserException that names file and line. */
final class TextProtoParser {

    /** Deeper than any of our formats; keeps a hostile file from exhausting the stack. */
    private static final int DEEPEST = 32;

    private static final Pattern TOKEN = Pattern.compile("[{}:]|\"(?:[^\"\\\\\n]|\\\\[^\n])*+\"|[^\\s{}:\"]++");
    private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?");
    private static final Pattern ESCAPE = Pattern.compile("\\\\(?:u([0-9a-fA-F]{4})|(.))");

    /** Letters after a backslash, and what each stands for at the same place. */
    private static final String LETTERS = "nrtbf\"\\/'";

    private static final String MEANINGS = "\n\r\t\b\f\"\\/'";

    private final String file;
    private final String text;
    private final Matcher tokens;
    private int line = 1;
    private int counted;
    private int end;

    TextProtoParser(String file, String text) {
        this.file = file;
        this.text = text;
        this.tokens = TOKEN.matcher(text);
    }

    ProtoMessage document() {
        ProtoMessage root = new ProtoMessage(file, 0, false);
        fields(root, 0);
        return root;
    }

    /** Fields up to the closing brace, or to the file's end at depth 0. */
    private void fields(ProtoMessage message, int depth) {
        for (String name = next(); !name.equals("}"); name = next()) {
            if (name.isEmpty() && depth == 0) {
                return;
            }
            if (name.isEmpty() || !Character.isLetter(name.charAt(0))) {
                throw damaged(name.isEmpty() ? "ends inside a message" : "has '" + name + "' where a field should be");
            }
            int at = line;
            String mark = next();
            if (mark.equals("{") && depth < DEEPEST) {
                ProtoMessage inner = new ProtoMessage(file, at, false);
                fields(inner, depth + 1);
                message.add(new Field(name, inner, at));
            } else if (mark.equals(":")) {
                message.add(new Field(name, scalar(next()), at));
            } else {
                throw damaged("has neither ':' nor a message after '" + name + "'");
            }
        }
        if (depth == 0) {
            throw damaged("closes a message that was not opened");
        }
    }

    private Object scalar(String token) {
        if (token.startsWith("\"")) {
            return unquoted(token);
        }
        if (NUMBER.matcher(token).matches()) {
            return Float.parseFloat(token);
        }
        if (token.isEmpty() || !Character.isLetter(token.charAt(0))) {
            throw damaged("has '" + token + "' where a value should be");
        }
        return new Symbol(token);
    }

    private String unquoted(String token) {
        return ESCAPE.matcher(token.substring(1, token.length() - 1)).replaceAll(m -> {
            if (m.group(1) != null) {
                return Matcher.quoteReplacement(String.valueOf((char) Integer.parseInt(m.group(1), 16)));
            }
            int letter = LETTERS.indexOf(m.group(2));
            if (letter < 0) {
                throw damaged("has the unknown escape '\\" + m.group(2) + "'");
            }
            return Matcher.quoteReplacement(MEANINGS.substring(letter, letter + 1));
        });
    }

    /** The next token; empty at the end. */
    private String next() {
        boolean found = tokens.find();
        int start = found ? tokens.start() : text.length();
        if (!text.substring(end, start).isBlank()) {
            throw damaged("has a quote that is not closed");
        }
        count(start);
        end = found ? tokens.end() : text.length();
        return found ? tokens.group() : "";
    }

    private void count(int to) {
        for (; counted < to; counted++) {
            line += text.charAt(counted) == '\n' ? 1 : 0;
        }
    }

    private RuntimeException damaged(String sentence) {
        return SideFileCodec.damaged(file, "line " + line, sentence);
    }
}
