package dev.detent.host.job;

import dev.detent.host.analyze.AnalysisEffort;
import dev.detent.host.data.Preprocessing;
import dev.detent.host.evaluate.EvaluationData;
import dev.detent.host.model.ModelFile;
import dev.detent.host.pipeline.PipelineListener;
import dev.detent.host.settings.Settings;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** One quantization job: a model, one target or several, and the folder for what they give. Immutable. */
public final class QuantizeRequest {

    private final Builder built;

    private QuantizeRequest(Builder built) {
        this.built = built;
    }

    /** Starts a request; everything but model, targets and folder has a default. */
    public static Builder of(Path model, List<String> targets, Path out) {
        return new Builder(model, targets, out);
    }

    public Path model() {
        return built.model;
    }

    /** The model with the file of its weights, where those have one of their own. */
    public ModelFile source() {
        return new ModelFile(built.model, Optional.ofNullable(built.weights));
    }

    /** Ids of the targets, each once; several get a folder each. */
    public List<String> targets() {
        return built.targets;
    }

    public Path out() {
        return built.out;
    }

    /** See {@link dev.detent.host.data.SampleLoader#open}; empty for a plan that needs no data. */
    public Optional<String> calibration() {
        return Optional.ofNullable(built.calibration);
    }

    /** Upper bound of the number of calibration samples; 0 for all. */
    public int samples() {
        return built.samples;
    }

    /** Of calibration and evaluation data. */
    public Preprocessing preprocessing() {
        return built.preprocessing;
    }

    public Settings settings() {
        return built.settings;
    }

    /** Id of the exporter; empty for the target's default. */
    public Optional<String> format() {
        return Optional.ofNullable(built.format);
    }

    /** Samples run side by side. */
    public int workers() {
        return built.workers;
    }

    /** Data to score the results on. */
    public Optional<EvaluationData.Source> evaluation() {
        return Optional.ofNullable(built.evaluation);
    }

    /** How thoroughly layers are judged; empty for what a report needs. */
    public Optional<AnalysisEffort> analysis() {
        return Optional.ofNullable(built.analysis);
    }

    /** Whether the float model and the file are timed where ONNX Runtime runs it. */
    public boolean measuresSpeed() {
        return built.measuresSpeed;
    }

    /** Told of every step of every target's plan. */
    public PipelineListener listener() {
        return built.listener;
    }

    /** Fluent construction; serves one request. */
    public static final class Builder {
        private final Path model;
        private final List<String> targets;
        private final Path out;
        private @Nullable Path weights;
        private @Nullable String calibration;
        private int samples;
        private Preprocessing preprocessing = Preprocessing.parse("none");
        private Settings settings = Settings.NONE;
        private @Nullable String format;
        private int workers = Runtime.getRuntime().availableProcessors();
        private EvaluationData.@Nullable Source evaluation;
        private @Nullable AnalysisEffort analysis;
        private boolean measuresSpeed;
        private PipelineListener listener = PipelineListener.NONE;

        private Builder(Path model, List<String> targets, Path out) {
            this.model = model;
            this.targets = targets.stream().distinct().toList();
            this.out = out;
        }

        /** The caffemodel of a Caffe network; unless set, the one beside its prototxt. */
        public Builder weights(Path file) {
            this.weights = file;
            return this;
        }

        /** See {@link QuantizeRequest#calibration}. */
        public Builder calibration(String data) {
            this.calibration = data;
            return this;
        }

        /** See {@link QuantizeRequest#samples}. */
        public Builder samples(int limit) {
            this.samples = limit;
            return this;
        }

        /** See {@link QuantizeRequest#preprocessing}. */
        public Builder preprocessing(Preprocessing given) {
            this.preprocessing = given;
            return this;
        }

        /** See {@link QuantizeRequest#settings}. */
        public Builder settings(Settings given) {
            this.settings = given;
            return this;
        }

        /** See {@link QuantizeRequest#format}. */
        public Builder format(String id) {
            this.format = id;
            return this;
        }

        /** See {@link QuantizeRequest#workers}. */
        public Builder workers(int count) {
            this.workers = count;
            return this;
        }

        /** See {@link QuantizeRequest#evaluation}. */
        public Builder evaluation(EvaluationData.Source data) {
            this.evaluation = data;
            return this;
        }

        /** See {@link QuantizeRequest#analysis}. */
        public Builder analysis(AnalysisEffort effort) {
            analysis = effort;
            return this;
        }

        /** See {@link QuantizeRequest#measuresSpeed}. */
        public Builder measuringSpeed() {
            measuresSpeed = true;
            return this;
        }

        /** See {@link QuantizeRequest#listener}. */
        public Builder listener(PipelineListener told) {
            this.listener = told;
            return this;
        }

        /** The finished request. */
        public QuantizeRequest build() {
            return new QuantizeRequest(this);
        }
    }
}
