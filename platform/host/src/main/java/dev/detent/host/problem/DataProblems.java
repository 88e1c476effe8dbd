package dev.detent.host.problem;

import dev.detent.spi.problem.ProblemCatalog;
import dev.detent.spi.problem.ProblemType;

/** What can be wrong with calibration and evaluation data. */
public final class DataProblems implements ProblemCatalog {

    public static final ProblemType INPUT_MISSING = new ProblemType(
            "DT-DAT-001",
            "The data lack an input of the model",
            "The model has several inputs and the data give no values for one of them.",
            "Give every input: name=path,name=path, or an .npz with one array per input.");

    public static final ProblemType NO_SAMPLES = new ProblemType(
            "DT-DAT-002",
            "The data hold no samples",
            "The folder or file has nothing in it that is read as a sample.",
            "Give a folder with .png, .jpg, .bmp, .npy, .npz or .bin files, or one .npy or .npz file.");

    public static final ProblemType NO_PAIR = new ProblemType(
            "DT-DAT-003",
            "Data of several inputs without their names",
            "Several paths were given, and one of them does not say which input it is for.",
            "Write every part as name=path.");

    public static final ProblemType ONE_INPUT_ONLY = new ProblemType(
            "DT-DAT-004",
            "Data for one input, but the model has several",
            "The model has more inputs than the data.",
            "Write name=path,name=path, or give an .npz with one array per input.");

    public static final ProblemType UNKNOWN_INPUT = new ProblemType(
            "DT-DAT-005",
            "Data for an input that the model does not have",
            "The name in front of '=' or in the .npz is no input of the model.",
            "Use a name that 'detent inspect' lists.");

    public static final ProblemType COUNTS_DIFFER = new ProblemType(
            "DT-DAT-006",
            "The inputs have different numbers of samples",
            "The data of the inputs are paired by position.",
            "Give as many samples for every input.");

    public static final ProblemType NOT_THERE =
            new ProblemType("DT-DAT-007", "The data do not exist", "Nothing lies under the path.", "Correct the path.");

    public static final ProblemType UNKNOWN_ENDING = new ProblemType(
            "DT-DAT-008",
            "Data of an unknown kind",
            "The kind of a file is told by the end of its name, and this one is not known.",
            "Give a folder, .npy, .npz, .bin, .png, .jpg or .bmp.");

    public static final ProblemType FOLDER_UNREADABLE = new ProblemType(
            "DT-DAT-009",
            "A folder of data cannot be listed",
            "The operating system refuses to list the folder.",
            "Check its permissions.");

    public static final ProblemType PREPROCESSING_WORD = new ProblemType(
            "DT-DAT-010",
            "A preprocessing value that does not exist",
            "The value is none of those that the key takes, or std is 0.",
            "Take one of the values in the message.");

    public static final ProblemType UNKNOWN_PRESET = new ProblemType(
            "DT-DAT-011",
            "An unknown preprocessing preset",
            "No preset has this name.",
            "Take one of the presets in the message, or spell the steps out.");

    public static final ProblemType UNKNOWN_PREPROCESSING_KEY = new ProblemType(
            "DT-DAT-012",
            "An unknown preprocessing key",
            "Preprocessing has the keys resize, crop, order, scale, mean, std and layout.",
            "Correct the key.");

    public static final ProblemType PREPROCESSING_NO_NUMBER = new ProblemType(
            "DT-DAT-013", "A preprocessing value is no number", "The key takes a number.", "Correct the value.");

    public static final ProblemType PREPROCESSING_RANGE = new ProblemType(
            "DT-DAT-014",
            "A preprocessing value out of range",
            "resize and crop are 0 or more; scale, mean and std are finite.",
            "Correct the value.");

    public static final ProblemType PREPROCESSING_CHANNELS = new ProblemType(
            "DT-DAT-015",
            "mean or std for fewer channels than the data have",
            "One value serves all channels; several must be as many as the channels.",
            "Give one value, or one per channel.");

    public static final ProblemType EMPTY_PATH = new ProblemType(
            "DT-DAT-016",
            "The data's path is empty",
            "An option for data was given with nothing in it, often from an unset variable of a script.",
            "Give a path.");

    public static final ProblemType INPUT_TWICE = new ProblemType(
            "DT-DAT-017",
            "Data name an input twice",
            "Two parts of name=path,name=path have the same name.",
            "Give each input once.");

    public static final ProblemType NO_REGULAR_FILE = new ProblemType(
            "DT-DAT-018",
            "Data that are no regular file",
            "A folder, pipe or device has the name of a data file.",
            "Give a file.");

    public static final ProblemType NO_INPUTS = new ProblemType(
            "DT-DAT-019",
            "Data for a model without inputs",
            "The model takes no input, so there is nothing to calibrate with.",
            "Leave the option out.");

    public static final ProblemType UNREADABLE = new ProblemType(
            "DT-DAT-020",
            "A file cannot be read",
            "The operating system refuses to read it, or the disk fails.",
            "Check its permissions and its disk.");

    public static final ProblemType NPY_TYPE = new ProblemType(
            "DT-DAT-021",
            "An .npy file of an unsupported type",
            "The array holds objects, text, complex numbers or another type that no tensor of a network has.",
            "Save it as a type that the message names, e.g. array.astype('float32').");

    public static final ProblemType NPY_LENGTH = new ProblemType(
            "DT-DAT-022",
            "An .npy file is too short or too long",
            "The file holds other bytes than its header's shape needs, so it is truncated or damaged.",
            "Save it again.");

    public static final ProblemType NO_NPY = new ProblemType(
            "DT-DAT-023",
            "The file is no .npy file",
            "The file does not begin with NumPy's header.",
            "Save it with numpy.save.");

    public static final ProblemType NO_NPZ = new ProblemType(
            "DT-DAT-024",
            "The file is no .npz file",
            "The file is no ZIP archive of .npy files, or is damaged.",
            "Save it with numpy.savez.");

    public static final ProblemType CHANGED_MEANWHILE = new ProblemType(
            "DT-DAT-025",
            "A file was changed while the run read it",
            "Something else wrote to an input of the run, so the record would not say what was read.",
            "Run again when nobody writes to it.");

    public static final ProblemType TENSOR_TOO_LARGE = new ProblemType(
            "DT-DAT-026",
            "A tensor of the data is larger than 2 GB",
            "A sample's tensor must fit into one buffer.",
            "Give smaller samples.");

    public static final ProblemType NPY_SHAPE = new ProblemType(
            "DT-DAT-027",
            "An .npy file with an impossible shape",
            "The product of the dimensions is more than any file can hold, so the header is damaged.",
            "Save it again.");

    public static final ProblemType NPY_TOO_LARGE = new ProblemType(
            "DT-DAT-028",
            "An .npy file is larger than 2 GB",
            "At most 2 GB are read of one file.",
            "Give a folder of smaller files.");

    public static final ProblemType TOO_MANY_SAMPLES = new ProblemType(
            "DT-DAT-029",
            "More samples than can be counted",
            "The first axis of the array is longer than 2,147,483,647.",
            "Give fewer samples.");

    public static final ProblemType NO_PICTURE = new ProblemType(
            "DT-DAT-030",
            "The file is no picture",
            "The content is neither PNG, JPEG nor BMP, whatever the name says.",
            "Convert it to PNG or JPEG.");

    public static final ProblemType PICTURE_DAMAGED = new ProblemType(
            "DT-DAT-031",
            "A picture cannot be decoded",
            "The picture is damaged or uses a variant of its format that Java does not decode.",
            "Convert or remove it.");

    public static final ProblemType PICTURE_PIXELS = new ProblemType(
            "DT-DAT-032",
            "A picture has too many pixels",
            "A decoded picture must fit into Java's memory several times.",
            "Give a smaller picture, or more memory with DETENT_JAVA_OPTS=-Xmx8g.");

    public static final ProblemType PICTURE_TRUNCATED = new ProblemType(
            "DT-DAT-033",
            "A picture ends before its pixels do",
            "The file is truncated; the rest would be read as grey.",
            "Download or copy it again, or remove it.");

    public static final ProblemType NPZ_TOO_LARGE = new ProblemType(
            "DT-DAT-034",
            "An .npz unpacks to more than memory holds",
            "All arrays of an .npz may take half of Java's memory.",
            "Give .npy files, which are mapped and not loaded, or more memory with DETENT_JAVA_OPTS=-Xmx8g.");

    public static final ProblemType RAW_SIZE = new ProblemType(
            "DT-DAT-035",
            "Raw data for an input without a size",
            "The input's shape has no elements or takes more than 2 GB.",
            "Give .npy files.");

    public static final ProblemType PICTURE_BYTES = new ProblemType(
            "DT-DAT-036",
            "A picture's file is too large",
            "No picture of use for calibration is as large; the file is probably something else.",
            "Give a smaller picture.");

    public static final ProblemType WEBP = new ProblemType(
            "DT-DAT-037",
            "WebP pictures are not read",
            "Java decodes PNG, JPEG and BMP.",
            "Convert the pictures to PNG or JPEG.");

    public static final ProblemType PREPROCESSING_SIDE = new ProblemType(
            "DT-DAT-038",
            "resize or crop is too large",
            "Sides of pictures are given in pixels.",
            "Give a side that the model takes.");

    public static final ProblemType NOT_PICTURE_CHANNELS = new ProblemType(
            "DT-DAT-039",
            "Pictures do not have the channels that the input takes",
            "A picture has 1 or 3 channels; the input has another number where its layout puts them.",
            "Add layout=NHWC or layout=NCHW to the preset as the message says, or give .npy files.");

    public static final ProblemType SHAPE = new ProblemType(
            "DT-DAT-040",
            "A sample's shape does not fit the input",
            "The input has fixed dimensions that the sample does not have, for pictures after preprocessing.",
            "Change resize and crop, or save the sample in the input's shape; 'detent inspect' shows it.");

    public static final ProblemType TYPE = new ProblemType(
            "DT-DAT-041",
            "A sample's type does not fit the input",
            "Floats are not rounded to integers, nor integers taken for floats, without being asked.",
            "Save the sample in the input's type.");

    public static final ProblemType NOT_FINITE = new ProblemType(
            "DT-DAT-042",
            "A sample holds NaN or infinity",
            "One such value spoils every range that is computed from it.",
            "Repair or remove the sample.");

    public static final ProblemType NO_SAMPLE_AXIS = new ProblemType(
            "DT-DAT-043",
            "An .npy file with a single number",
            "The first axis counts the samples, and this array has no axis.",
            "Save an array whose first axis counts samples.");

    public static final ProblemType RAW_SHAPE = new ProblemType(
            "DT-DAT-044",
            "Raw data for an input without a fixed shape",
            "Raw data say nothing of their shape, so the model must.",
            "Give .npy files.");

    public static final ProblemType RAW_LENGTH = new ProblemType(
            "DT-DAT-045",
            "A raw file is no whole number of samples",
            "The file's size is no multiple of what the input takes.",
            "Check the element type and shape it was written with.");

    public static final ProblemType NO_PICTURE_INPUT = new ProblemType(
            "DT-DAT-046",
            "Pictures for an input that takes none",
            "Pictures need an input of four dimensions of float or uint8.",
            "Give .npy files.");

    public static final ProblemType BATCH_NOT_FILLED = new ProblemType(
            "DT-DAT-047",
            "Fewer samples than the model takes at once",
            "The model's batch size is fixed, and the data do not fill one batch.",
            "Give more samples, or export the model with batch size 1 or a free one.");

    public static final ProblemType BATCH_SHAPES = new ProblemType(
            "DT-DAT-048",
            "Samples of one batch differ in shape",
            "The model takes several samples at once, which must have one shape.",
            "Give samples of one shape, or export the model with batch size 1.");

    public static final ProblemType INTEGER_RANGE = new ProblemType(
            "DT-DAT-049",
            "An integer that the input's type cannot hold",
            "The sample's integer type is wider than the input's, and this value does not fit.",
            "Correct the value.");

    public static final ProblemType TOO_FEW_LABELS = new ProblemType(
            "DT-DAT-050",
            "Fewer labels than samples",
            "Every evaluation sample needs a label.",
            "Give a label per sample, in the order of the samples.");

    public static final ProblemType LABELS_SHAPE = new ProblemType(
            "DT-DAT-051",
            "Labels are no list of numbers",
            "An .npy of labels has one axis.",
            "Save them as a one-dimensional array of integers.");

    public static final ProblemType LABELS_TOO_LARGE = new ProblemType(
            "DT-DAT-052",
            "The file of labels is too large",
            "No list of labels is as large; the file is probably something else.",
            "Give the labels' file.");

    public static final ProblemType NO_LABEL = new ProblemType(
            "DT-DAT-053",
            "A line of the labels is no label",
            "Lines are a number, or a file name, a comma and a number.",
            "Correct the line that the message names.");

    public static final ProblemType LABEL_TWICE = new ProblemType(
            "DT-DAT-054",
            "Two labels for one sample",
            "A file name stands twice in the labels.",
            "Remove one of the lines.");

    public static final ProblemType LABEL_NO_INTEGER = new ProblemType(
            "DT-DAT-055",
            "A label is no whole number",
            "Labels are the indices of classes, whole numbers of 32 bits.",
            "Correct the label that the message names.");

    public static final ProblemType NEEDED = new ProblemType(
            "DT-DAT-056",
            "A pass needs calibration data",
            "The plan has a pass that looks at activations, and no data were given.",
            "Give data with --calibration, or switch the pass off with --set PASS=off.");

    public static final ProblemType NO_PATH = new ProblemType(
            "DT-DAT-057",
            "A text that is no path",
            "The operating system allows no path of this form.",
            "Correct the path.");

    public static final ProblemType TOO_MANY_LABELS = new ProblemType(
            "DT-DAT-070",
            "More labels than evaluation samples",
            "The labels are those of other data, or of more.",
            "Give labels of exactly these samples, or limit the samples (quantize: --evaluate-samples, evaluate: "
                    + "--samples).");

    public static final ProblemType ONE_SAMPLE = new ProblemType(
            "DT-DAT-071",
            "Calibrated from hardly any samples",
            "The ranges of a few samples are those of nothing else.",
            "Give 32 to 256 samples that look like what the network will see.");

    public static final ProblemType LOOKS_UNPREPARED = new ProblemType(
            "DT-DAT-080",
            "Pictures do not look like what the network was trained on",
            "The float network is clearly surer of itself when the samples are preprocessed in another way.",
            "Give the preprocessing that the network was trained with: --preset, or --preset with changes.");

    public static final ProblemType INPUT_SHAPE = new ProblemType(
            "DT-DAT-081",
            "A shape that an input cannot have",
            "--input-shape fixes sizes that the model leaves open; what it fixes itself stays.",
            "Write NAME=1,3,224,224 with a name and sizes that 'detent inspect' shows.");
}
