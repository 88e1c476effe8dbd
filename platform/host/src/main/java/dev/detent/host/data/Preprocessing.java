package dev.detent.host.data;

import dev.detent.host.plugin.DidYouMean;
import dev.detent.host.problem.DataProblems;
import dev.detent.spi.problem.UserException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * How pixels become a model's input: resize, crop, channel order, y = (x * scale - mean) / std per channel, layout.
 *
 * @param resize length of the shorter side, 0 to stretch to the model's size
 * @param crop side of the centre crop, 0 for none
 * @param order of pictures' channels; arrays are taken as they are
 * @param layout of the model's input
 */
public record Preprocessing(
        int resize, int crop, ChannelOrder order, float scale, List<Float> mean, List<Float> std, ImageLayout layout) {

    /** Of a picture: squared well below what {@link PixelLimit} allows. */
    private static final int LONGEST_SIDE = 8192;

    private static final String WORDS = "a preprocessing has order rgb or bgr, layout nchw or nhwc, and no std of 0";

    private static final Map<String, Preprocessing> PRESETS = new LinkedHashMap<>();

    static {
        PRESETS.put("none", new Preprocessing(0, 0, ChannelOrder.RGB, 1, List.of(0f), List.of(1f), ImageLayout.NCHW));
        PRESETS.put(
                "unit",
                new Preprocessing(0, 0, ChannelOrder.RGB, 1 / 255f, List.of(0f), List.of(1f), ImageLayout.NCHW));
        PRESETS.put(
                "imagenet",
                new Preprocessing(
                        256,
                        224,
                        ChannelOrder.RGB,
                        1 / 255f,
                        List.of(.485f, .456f, .406f),
                        List.of(.229f, .224f, .225f),
                        ImageLayout.NCHW));
        PRESETS.put(
                "cifar10",
                new Preprocessing(
                        0,
                        0,
                        ChannelOrder.RGB,
                        1 / 255f,
                        List.of(.485f, .456f, .406f),
                        List.of(.229f, .224f, .225f),
                        ImageLayout.NCHW));
        PRESETS.put(
                "symmetric",
                new Preprocessing(256, 224, ChannelOrder.RGB, 1 / 127.5f, List.of(1f), List.of(1f), ImageLayout.NCHW));
        PRESETS.put(
                "ocr",
                new Preprocessing(0, 0, ChannelOrder.BGR, 1 / 255f, List.of(.5f), List.of(.5f), ImageLayout.NCHW));
        PRESETS.put("bgr", new Preprocessing(0, 0, ChannelOrder.BGR, 1, List.of(0f), List.of(1f), ImageLayout.NCHW));
    }

    public Preprocessing {
        mean = List.copyOf(mean);
        std = List.copyOf(std);
        if (resize < 0 || crop < 0 || !Float.isFinite(scale) || !allFinite(mean) || !allFinite(std)) {
            throw new UserException(
                    DataProblems.PREPROCESSING_RANGE,
                    "resize and crop cannot be negative, scale, mean and std not infinite",
                    "preprocess");
        }
        if (resize > LONGEST_SIDE || crop > LONGEST_SIDE) {
            throw new UserException(
                    DataProblems.PREPROCESSING_SIDE,
                    "resize and crop are sides of pictures in pixels, at most " + LONGEST_SIDE,
                    "preprocess");
        }
        if (std.contains(0f)) {
            throw new UserException(DataProblems.PREPROCESSING_WORD, WORDS, "preprocess");
        }
    }

    private static boolean allFinite(List<Float> numbers) {
        return numbers.stream().allMatch(Float::isFinite);
    }

    public static Map<String, Preprocessing> presets() {
        return Collections.unmodifiableMap(PRESETS);
    }

    /**
     * A preset's name, or keys and values such as {@code resize=256,crop=224,mean=0.5 0.5 0.5}, after a preset's name
     * if wanted.
     */
    public static Preprocessing parse(String text) {
        Preprocessing p = Objects.requireNonNull(PRESETS.get("none"));
        for (String part : text.split(",")) {
            String[] pair = part.trim().split("=", 2);
            if (pair.length == 1) {
                Preprocessing preset = PRESETS.get(pair[0]);
                if (preset == null) {
                    throw new UserException(
                            DataProblems.UNKNOWN_PRESET,
                            "there is no preprocessing '" + pair[0] + "'" + DidYouMean.among(pair[0], PRESETS.keySet())
                                    + "; presets are " + String.join(", ", PRESETS.keySet()),
                            "preprocess");
                }
                p = preset;
            } else {
                p = p.with(pair[0].trim(), pair[1].trim());
            }
        }
        return p;
    }

    /** Keys and values as in {@link #parse}; {@code preset} names what the other keys change. */
    public static Preprocessing of(Map<String, String> parts) {
        Preprocessing p = parse(parts.getOrDefault("preset", "none"));
        for (Map.Entry<String, String> e : parts.entrySet()) {
            p = e.getKey().equals("preset") ? p : p.with(e.getKey(), e.getValue());
        }
        return p;
    }

    private Preprocessing with(String key, String value) {
        try {
            return switch (key) {
                case "resize" -> new Preprocessing(Integer.parseInt(value), crop, order, scale, mean, std, layout);
                case "crop" -> new Preprocessing(resize, Integer.parseInt(value), order, scale, mean, std, layout);
                case "order" ->
                    new Preprocessing(resize, crop, word(ChannelOrder.values(), value), scale, mean, std, layout);
                case "scale" -> new Preprocessing(resize, crop, order, number(value), mean, std, layout);
                case "mean" -> new Preprocessing(resize, crop, order, scale, numbers(value), std, layout);
                case "std" -> new Preprocessing(resize, crop, order, scale, mean, numbers(value), layout);
                case "layout" ->
                    new Preprocessing(resize, crop, order, scale, mean, std, word(ImageLayout.values(), value));
                default ->
                    throw new UserException(
                            DataProblems.UNKNOWN_PREPROCESSING_KEY,
                            "preprocessing has no '" + key + "'"
                                    + DidYouMean.among(
                                            key, List.of("resize", "crop", "order", "scale", "mean", "std", "layout")),
                            "preprocess");
            };
        } catch (NumberFormatException e) {
            throw new UserException(
                    DataProblems.PREPROCESSING_NO_NUMBER, "'" + value + "' is no number", "preprocess." + key, e);
        }
    }

    private static <T> T word(T[] known, String text) {
        return Arrays.stream(known)
                .filter(k -> k.toString().equals(text))
                .findFirst()
                .orElseThrow(() -> new UserException(DataProblems.PREPROCESSING_WORD, WORDS, "preprocess"));
    }

    private static List<Float> numbers(String text) {
        List<Float> all = new ArrayList<>();
        for (String s : text.trim().split("[\\s;]+")) {
            all.add(number(s));
        }
        return all;
    }

    /** A number or a quotient such as 1/255. */
    private static float number(String text) {
        String[] part = text.split("/", 2);
        float v = Float.parseFloat(part[0]);
        return part.length == 2 ? v / Float.parseFloat(part[1]) : v;
    }

    /** What is subtracted from a channel. */
    public float mean(int channel) {
        return of("mean", mean, channel);
    }

    /** What a channel is divided by. */
    public float std(int channel) {
        return of("std", std, channel);
    }

    private static float of(String key, List<Float> values, int channel) {
        if (values.size() > 1 && channel >= values.size()) {
            throw new UserException(
                    DataProblems.PREPROCESSING_CHANNELS,
                    "has " + values.size() + " values, the data have more channels; give one for each, or one for all",
                    "preprocess." + key);
        }
        return values.get(values.size() == 1 ? 0 : channel);
    }

    boolean isIdentity() {
        return scale == 1 && mean.stream().allMatch(m -> m == 0) && std.stream().allMatch(s -> s == 1);
    }

    /** One line for reports; the same for the same preprocessing. */
    @Override
    public String toString() {
        return "resize=" + resize + ",crop=" + crop + ",order=" + order + ",scale=" + scale + ",mean=" + join(mean)
                + ",std=" + join(std) + ",layout=" + layout;
    }

    private static String join(List<Float> values) {
        return String.join(" ", values.stream().map(String::valueOf).toList());
    }
}
