# The texts of pages and figures, in English, the language that the others are translated from.
#
# Messages that begin with figure-, axis-, tile-, method-, test-, status- and told- are stored by runs. The page of
# another language recognises them, so a text that a run no longer writes stays here as long as there are runs that
# have it. A variable whose name begins with text_ stands for another such text.

## The page

page-fonts = {""}
page-question = Does pretraining help?
page-one-method = Test error with { $labels } labels: { $error } ({ $method }).
page-no-verdict = This comparison has no verdict: the tables below have its results.
page-no-results = There are no results yet.
page-footer = Made from the CSV files of this folder by `aerbm report`.
page-files = {""}
sections = Sections
section-results = Results
section-try = Try the models
section-learning = Learning
section-features = Features
section-reconstruction = Reconstruction
section-generation = Generation
section-values = Values
section-cost = Cost
section-settings = Settings
section-reproduce = Reproduce
table-label = Table: { $name }
link-to = Link to: { $text }
how-to-read = How to read it.
file-of = .{ $extension } of { $title }
verdicts-in-words = The verdicts in words
layers = { $n } hidden { $n ->
        [one] layer
       *[other] layers
    }
labels = { $labels } labels
seeds = { $n } { $n ->
        [one] seed
       *[other] seeds
    }
seeds-only-one = 1 seed, which gives no interval
seeds-range = { $low } to { $high } seeds
seeds-none = no seeds
interval = { $low } to { $high }
value-with-interval = { $value } ({ $low } to { $high })
listed = { $most } and { $last }

## Heads of columns

column-classifier = classifier
column-difference = difference
column-epoch = epoch
column-fine-tuning = fine-tuning
column-fine-tuning-updates = fine-tuning updates
column-hidden-layers = hidden layers
column-interval = 95 % interval
column-labels = labels
column-layer = layer
column-method = method
column-methods = methods
column-metric = metric
column-pretraining = pretraining
column-rate = median samples/s
column-reason = reason
column-run = run
column-seed = seed
column-seeds = seeds
column-split = split
column-stage = stage
column-test-error = test error, %
column-total-time = total time
column-unit = unit
column-value = value
column-verdict = verdict

## Metrics: the two lines of a column's head, which make a phrase together

metric-mse_per_pixel =
    .first = squared error
    .second = per pixel
metric-sse_per_image =
    .first = squared error
    .second = per image
metric-bce_nats_per_image =
    .first = cross-entropy
    .second = per image
metric-mse_per_pixel-of-rows =
    .first = squared error
    .second = per value
metric-sse_per_image-of-rows =
    .first = squared error
    .second = per row
metric-bce_nats_per_image-of-rows =
    .first = cross-entropy
    .second = per row
metric-log_likelihood_nats-of-rows =
    .first = log-likelihood
    .second = per row
metric-psnr_db =
    .first = PSNR
    .second = {""}
metric-ssim =
    .first = SSIM
    .second = {""}
metric-error_pct =
    .first = classification
    .second = error
metric-log_likelihood_nats =
    .first = log-likelihood
    .second = per image

## The first sentence of a page without a comparison

headline-runs = { $n } runs without a comparison: the table below has their last values.
headline-run = { $run }, on the { $split } samples: { $values }.
headline-run-epochs = { $run } after { $n } { $n ->
        [one] epoch
       *[other] epochs
    }, on the { $split } samples: { $values }.
headline-no-values = no finite values
headline-means = On the test samples, { $metric }: { $means }.
headline-means-in-unit = On the test samples, { $metric } in { $unit }: { $means }.
split-test = test
split-validation = validation
split-train = train

## Results

glance-title = Verdicts at a glance, { $layers }
glance = Verdicts at a glance
glance-hint = Difference of the test errors in percentage points: below zero, the first method is better. [good:Green] is better and [bad:orange] worse after correction; an outline has evidence that the correction does not confirm; [open:grey] shows no clear difference.
errors-title = Test error by method and number of labels, { $layers }
errors = Test errors
errors-hint = Mean test error in percent over { $seeds }. Bold marks the lowest mean of each column, which by itself is no evidence of a difference.
errors-key = The methods: { $methods }.
errors-hint-intervals = Mean test error in percent over { $seeds }, with its 95 % interval for { $about } below. Bold marks the lowest mean of each column, which by itself is no evidence of a difference.
same-with-layers = The same with { $layers }
same-with-intervals = The same with intervals for { $about }
about-samples = other seeds and other test samples
about-seeds = other seeds on these test samples
differences-title = Differences, paired by seed, { $layers }
differences = Paired differences
differences-others = The other pairs of methods
differences-hint = Test error of the first method minus that of the second, in percentage points, over { $seeds }. Below zero, the first method is better; an interval that includes zero shows no clear difference.
reading-crossed = The interval and the crossed t-test are about other seeds and other test samples; the paired t-test and the sign flips are about other seeds on these test samples.
reading-sign-flips = The sign-flip test does not assume normality.
reading-sign-flips-least = With { $seeds } seeds its p-value cannot be below { $p }.
reading-mcnemar = McNemar's test is about these trained networks and other test samples; it says nothing about other seeds. Each test sample counts once, with the errors of all seeds.
reading-mcnemar-pooled = McNemar's test is about these trained networks and says nothing about other seeds. An earlier version counted each test sample once per seed, as if these were independent, so that its p-values are too small.
usual-title = Usual classifiers on the same labels
usual-hint = Mean test error in percent. Their few settings are chosen on the validation samples, as those of the networks are. Logistic regression here is fitted until it converges, with a penalty on its weights; `raw-logistic` above, where there is one, is an output layer trained by the steps of the networks.
usual-note = { $classifier }, { $labels } labels: { $note }.
balanced-title = Balanced test error
balanced-hint = The mean over the classes of the error of each class, in percent: every class counts the same, however rare it is. A classifier that always names the same class has 50 % with two classes and 67 % with three.
failures-title = Networks that could not be trained
failures = Failures
failures-hint = They are missing in every other table.
first-layer-title = The first layer before and after fine-tuning with { $labels } labels
first-layer = First layers
first-layer-hint = Means over seeds. An activity is saturated if it is within a twentieth of its range from either bound. The distance moved is relative to the norm of the weights. Updates to match the control are those of fine-tuning until the validation error is as low as the lowest of the control, averaged over the seeds in which this happens.
layer-saturated_pct = saturated before, %
layer-weight_distance = distance moved
layer-cka = features kept, CKA
layer-updates_to_control = updates to match the control
models-title = Models on the test set
models-hint = Means over seeds, with the lowest and the highest value below.
methods-label = Show or hide methods
methods-show = Show:

## Values, cost, settings

values-summary = { $n } values, each from the last epoch
values-more = { $n } more values are in metrics.csv.
updates-title = Parameter updates per classifier
updates = Parameter updates
updates-hint = Ranges are over numbers of labels and over seeds. Each pretrained layer is trained once and reused for all numbers of labels and for deeper networks.
equal-title = Test error with equal time for all methods
equal = Equal time
equal-hint = Each method was fine-tuned until it had used as much time as the slowest method, pretraining included. These numbers depend on the clock and differ on other machines.
time = Time
time-hint = Wall-clock time on the machine of this run, summed over seeds and layers.
settings-notes = Reading of the data
settings-as-run = config.toml, as run
reproduce-hint = On the same machine, the same seeds give the same bytes in every CSV file, for any number of threads. The exceptions are the tables of times, which depend on the clock. `aerbm report { $folder }` redraws the figures and this page from the CSV files.
fact-status = status
fact-data = data
fact-seed = seed
fact-version = version
fact-commit = commit
fact-cpu = cpu
fact-threads = threads
fact-arch = arch
fact-os = os
fact-failure = failure
fact-language = language
status-complete = complete
status-running = running
status-failed = failed
status-interrupted = interrupted

## The models that a reader tries, here and in the scripts

play-intro = Draw, or take an example: every model reconstructs what it sees, in your browser and from the weights in this page. The class is the one whose mean code is nearest.
play-left-out = Left out, because the page would be too large: { $names }.
play-no-script = This needs JavaScript, which is switched off.
script-pad = Drawing area: drag to draw; the buttons below give examples
script-noise = Noise (share of pixels)
script-reconstruction-by = Reconstruction by { $model }
script-median-filter = median filter
script-mean-filter = mean filter
script-filtered = The image after a { $filter }
script-square = square of 3 × 3 pixels
script-code = Code: { $units } units, { $active } of them above a tenth of the largest
script-pca = Reconstruction by PCA
script-components = components
script-chain-state = State of the Gibbs chain
script-model = model
script-clamped = clamped
script-nothing = nothing
script-upper = upper half
script-left = left half
script-temperature = temperature
script-steps = { $steps } step{ $plural }; shown are the probabilities of the pixels.
script-chain-starts = The chain starts from the drawing.
script-run = Run
script-stop = Stop
script-map = Plane of the code: drag, or use the arrow keys, to move the point that is decoded
script-decoded-point = The decoded point
script-point = Point { $x }, { $y }. { $words }
script-class = class { $class };{" "}
script-error = { $class }squared error to the drawing { $error }
script-clear = Clear
script-draw = Draw here
script-next = Next example
script-chain = Gibbs chain
script-step = Step
script-restart = Restart
script-plane = Plane of the code
script-decoded = Decoded point
script-table = Table
script-table-csv = table as .csv
script-verdict = verdict
script-low = low
script-high = high

## Verdicts of comparisons

verdict-no-method = No answer yet: no pretrained method has results to compare with the baseline.
verdict-no-baseline = No answer yet: there are no results without pretraining to compare with.
verdict-headline = { $answers }: { $clauses }.
verdict-part = { $answer } with { $labels } labels
verdict-part-next = { $answer } with { $labels }
answer-better = yes
    .inside = yes
answer-worse = no
    .inside = no
answer-suggestive-better = suggestive, not after correction
    .inside = suggestive, not after correction,
answer-suggestive-worse = suggestive of harm, not after correction
    .inside = suggestive of harm, not after correction,
answer-no-difference = no clear difference
    .inside = no clear difference
answer-no-interval = no interval, so no answer yet
    .inside = no interval, so no answer yet,
clause-better = with { $labels } labels, { $method } cuts the test error from { $other_error } to { $error } { $evidence }
clause-worse = with { $labels } labels, { $method } raises the test error from { $other_error } to { $error } { $evidence }
clause-suggestive-better = with { $labels } labels, { $method } ({ $error } test error) is better than { $other } ({ $other_error }) by its own interval, but not after correction { $evidence }
clause-suggestive-worse = with { $labels } labels, { $method } ({ $error } test error) is worse than { $other } ({ $other_error }) by its own interval, but not after correction { $evidence }
clause-no-difference = with { $labels } labels, there is no clear difference between { $method } ({ $error } test error) and { $other } ({ $other_error }) { $evidence }
clause-no-interval = with { $labels } labels, { $method } has a test error of { $error } and { $other } of { $other_error } { $evidence }
sentence-better = With { $labels } labels, { $method } ({ $error } test error) is better than { $other } ({ $other_error }) { $evidence }.
evidence-one-seed = (difference { $difference } points; { $seeds }, which gives no interval)
evidence-no-interval = (difference { $difference } points; { $seeds }, but no interval)
evidence-zero = (difference { $difference } points, 95 % interval { $low } to { $high }, which includes zero, { $seeds })
evidence-corrected = (difference { $difference } points, 95 % interval { $low } to { $high }, { $seeds }, corrected p { $p })
evidence = (difference { $difference } points, 95 % interval { $low } to { $high }, { $seeds })
against-baseline = With { $labels } labels, compared with { $baseline }, { $findings }.
methods-better = { $names } { $n ->
        [one] is
       *[other] are
    } better
methods-worse = { $names } { $n ->
        [one] is
       *[other] are
    } worse
methods-suggestive-better = { $names } { $n ->
        [one] is
       *[other] are
    } better by { $n ->
        [one] its own interval
       *[other] their own intervals
    }, but not after correction
methods-suggestive-worse = { $names } { $n ->
        [one] is
       *[other] are
    } worse by { $n ->
        [one] its own interval
       *[other] their own intervals
    }, but not after correction
methods-no-difference = there is no clear difference for { $names }
methods-no-interval = there is no interval for { $names }
pair-better = { $method } better
pair-suggestive-better = { $method } better; not after correction
pair-uncorrected-better = { $method } better; not corrected
pair-no-difference = no clear difference
pair-no-interval = no interval
architecture = The architecture: compared with { $first }, { $words } gives a test error of { $errors }.
architecture-errors = { $other } % instead of { $error } % with { $labels } labels
family = Holm's correction covers { $count } { $n ->
        [one] comparison
       *[other] comparisons
    }: those { $of }, at every depth and number of labels.
family-none = No comparison is corrected for their number.
family-controls = of every pretrained method { $controls }
family-control = with { $words }
family-families = between pretrained methods of different families ({ $families })
family-within = { $last }, each within one architecture
family-both = { $first }, and those { $second }
note-depth = The answer is for networks with { $n } hidden { $n ->
        [one] layer
       *[other] layers
    }.
note-largest-depth = The answer is for networks with { $n } hidden { $n ->
        [one] layer
       *[other] layers
    }, the largest depth of this run.
note-absent = There are no results at this depth for { $names }.
note-chosen-by-test = The best method is the one with the lowest mean test error, because there are no validation errors to choose by; this choice flatters it.
note-chosen-by-validation = The best method is the one with the lowest mean validation error at that number of labels, over all seeds but the first if there are others: settings such as learning rates are chosen at the first seed, and a method with more trials would gain more from it. The step to stop at is chosen on the validation samples too; their labels are not counted.
note-families = The families are not compared, because all but one of them are without results.
note-correction = Every comparison has its own 95 % interval; of twenty comparisons without a true difference, about one excludes zero by chance. A method is therefore called better or worse only if its p-value is below 0.05 after Holm's correction for the number of comparisons; an interval that excludes zero without that is suggestive at most.

## Words that figures are drawn with

drawn-logarithmic = { $title }, logarithmic
drawn-point = { $name }: { $y } at { $title } { $x }
drawn-mean = { $mean } at { $count }
drawn-bar = { $low } to { $high }: { $share }
drawn-highest-bar = { $name }: the highest bar is from { $low } to { $high }, with { $share } ({ $title }).
drawn-squares = { $column } across, { $row } down
drawn-taken-for = { $row } as { $column }: { $count }.
drawn-first = first
drawn-second = second
drawn-class = { $panel }: { $n } points, { $share } % of them nearest to the middle of their own class.
drawn-classes = { $panel }: { $n } points, { $share } % of them nearest to the middle of their own class; the closest classes are { $a } and { $b }.
drawn-tiles = { $n } images of { $height } × { $width } pixels in { $rows } rows.
drawn-negative = negative
drawn-positive = positive

## Figures of a run. The run stores them in English, and pages in other languages recognise them.

figure-error-by-labels = Test error by number of labels, { $n } hidden { $n ->
        [one] layer
       *[other] layers
    }
    .caption = Mean classification error on the test samples over seeds, for each method of initialising the hidden layers.
    .reading = Lower is better. Bars are 95 % intervals of the mean; an arrowhead marks one that goes on below the axis. Points are shifted sideways a little so that bars do not cover each other. Overlapping bars do not settle whether two methods differ; the paired differences below do.
    .alt = Line chart: test error in percent against the number of labelled training samples, a line for each method.
figure-error-alone =
    .reading = Lower is better. Bars are 95 % intervals of the mean; an arrowhead marks one that goes on below the axis.
figure-error-alone-by-labels =
    .reading = Lower is better. Bars are 95 % intervals of the mean; an arrowhead marks one that goes on below the axis. Points are shifted sideways a little so that bars do not cover each other.
figure-error-with-labels = Test error with { $labels } labels, { $n } hidden { $n ->
        [one] layer
       *[other] layers
    }
    .reading = Lower is better. Bars are 95 % intervals of the mean; an arrowhead marks one that goes on below the axis. Overlapping bars do not settle whether two methods differ; the paired differences below do.
    .alt = Dots with interval bars: test error in percent for each method.
figure-differences = Differences of the test errors, { $n } hidden { $n ->
        [one] layer
       *[other] layers
    }
    .caption = Mean differences paired by seed, of the pairs of methods that the comparison asks about, with 95 % intervals. The colour is that of the first method.
    .reading = Left of the line at zero, the first method of the pair has the lower test error. A bar that crosses the line shows no clear difference.
    .alt = Dots with interval bars: differences of test errors in percentage points.
figure-fine-tuning = Effect of fine-tuning with { $labels } labels on each layer
    .caption = Before fine-tuning, the size of the cost's gradient at each layer's weights, and the share of activities near their bounds; after it, how far the weights moved, relative to their norm, and how alike the layer's features are before and after. Means over seeds.
    .reading = Where the gradient of a layer is much smaller than that of those above it, the layer hardly learns. Layers that move little and keep their features (CKA near 1) were useful as they were.
    .alt = Four line charts over layers: gradient size, saturation, distance moved and CKA, a line for each method; the numbers are in metrics.csv.
figure-depths = Test error by depth, { $labels } labels
    .caption = Mean and standard deviation of the test error over { $n } seeds.
    .reading = Lower is better. If the lines without pretraining rise where those with it do not, pretraining is what makes depth of use.
    .alt = Line charts of the mean and the standard deviation of the test error against the number of hidden layers, a line for each method.
figure-confusions = Classes that the recommended network takes for others
    .caption = Test samples by their class and the predicted one, for { $method } with { $labels } labels, seed { $seed }.
    .reading = Numbers on the diagonal are right. The redder a square beside it, the more often the class of its row is taken for that of its column.
    .alt = Table of counts of test samples by class and predicted class.
figure-mistaken = Images that the recommended network gets wrong
    .caption = Test images of the most frequent confusions. In each row, those come first that most of the { $n } networks with { $labels } labels get wrong.
    .reading = Some images are hard for people, too; those that are not show what the network has not learned.
    .alt = Rows of misclassified test images, with their class and the predicted one.
figure-reliability = Probabilities of the recommended network against frequencies
    .caption = Test samples in bins of equal width by the probability of the predicted class; bins with fewer than { $n } samples are left out. The saved network is the calibrated one.
    .reading = Of the predictions with a probability of 80 %, 80 % should be right. Below the straight line the network is too sure, above it not sure enough. Bins with few samples scatter.
    .alt = Line chart of the share of right predictions against the probability, before and after calibration.
figure-learning = Learning curves
    .caption = Costs and errors after each epoch of training.
    .reading = Lower is better, except for the likelihood. Training has converged where a curve is flat. A growing free-energy gap is a sign of overfitting: seen samples become more probable than unseen ones.
    .alt = Line charts of costs and errors against epochs, with one line for each model
figure-filters = Filters: { $run }
    .caption = The { $shown } of { $all } hidden units of { $run } that respond most, the strongest first.
    .channels = The { $shown } of { $all } hidden units of { $run } that respond most, the strongest first. The channels of the image are side by side.
    .reading = Each square shows how one hidden unit responds to each input: its weight times the standard deviation of that input over the data, positive in red and negative in blue, scaled by the largest of the square. A unit is the stronger, the larger these are together. Strokes and local spots are features of digits. Grain means that the unit has learned little, or that its random initial weights still dominate.
    .alt = Grid of images of what the hidden units of { $run } respond to.
figure-weights =
    .caption = The weights from the pixels to { $shown } of { $all } hidden units, those with the largest norms.
    .reading = Each square shows the weights of one unit, positive ones in one colour and negative ones in the other. Strokes and local spots are features of digits. Grain means that the unit has learned little, or that its random initial weights still dominate.
    .alt = Grid of weight images of the hidden units of { $run }
figure-kernels = Kernels: { $run }
    .caption = The kernels of { $shown } of { $maps } maps, those with the largest norms, the largest first.
    .channels = The kernels of { $shown } of { $maps } maps, those with the largest norms, the largest first. The channels of the image are side by side.
    .reading = Each square shows the weights that a map applies at every place of the image, positive ones in one colour and negative ones in the other. Edges and spots are features of images. Grain means that the map has learned little.
    .alt = Grid of the kernels of the first layer of { $run }
figure-feature-maps = Feature maps: { $run }
    .caption = Test images and, beside each, the maps of every layer that vary most, from the lowest value of the layer in black to the highest in white. The layers have { $text }.
    .sizes = { $maps } maps of { $height } × { $width }, then { $text }
    .size = { $maps } maps of { $height } × { $width }
    .reading = A bright spot is a place where the map has found its feature. Maps of lower layers follow edges and strokes; those of upper layers are coarser, and each answers to a larger part of the image. Maps that are the same everywhere carry no information.
    .alt = Rows of test images with the feature maps of { $run }
figure-histograms = Weights and activities: { $run }
    .caption = Histograms of { $run } over 40 equal intervals.
    .without-run = Histograms over 40 equal intervals.
    .reading = Outlying weights or a second mode are signs of too high a learning rate. Units that are always on or always off carry no information.
    .alt = Histograms of the weights and of the hidden activities of { $run }
figure-reconstructions = Test digits above their reconstructions
    .caption = The first test image of each class, and its reconstruction by each model.
    .reading = The closer a row is to the first one, the less the code loses. Blur and missing strokes show the information that the code could not hold.
    .alt = Rows of digit images: originals, then each model's reconstructions
figure-samples = Gibbs samples: { $run }
    .from-digits = { $n } chains that start from test digits: the probabilities of the pixels after 1, 10, … steps of Gibbs sampling.
    .from-noise = { $n } chains that start from noise: the probabilities of the pixels after 1, 10, … steps of Gibbs sampling.
    .reading = Each row is a moment, each column a chain. Chains that pass through different digits and keep looking like digits show a good model. A chain that never changes mixes slowly; one that fades is usual after contrastive divergence, whose chains never run this long.
    .reading-before = Each row is a moment, each column a chain. Chains that pass through different digits and keep looking like digits show a good model. A chain that never changes mixes slowly; one that fades shows a model that has learned too little.
    .alt-digits = Rows of images of the states of Markov chains that start from test digits
    .alt-noise = Rows of images of the states of Markov chains that start from noise
figure-page = Samples: { $run }
    .caption = The final states of as many chains, as probabilities of the pixels.
    .reading = The samples of a good model are as varied as the data, and each is clearly one digit. Look for missing classes and for blends of two.
    .alt = Page of images drawn from { $run }
figure-decoded = Decoded random codes: { $run }
    .caption = Images decoded from codes in which the value of each unit is taken from a different, randomly chosen test image.
    .reading = These images are not samples. An autoencoder learns to reconstruct its input; it has no distribution over images or codes. Each unit here has a plausible value, but the combinations are implausible: only a joint distribution, such as that of an RBM, says which combinations occur.
    .alt = Page of images decoded by { $run } from codes put together at random
figure-inpainting = Inpainting: { $run }
    .caption = Test images, their known part, and draws of the unknown part from the conditional distribution.
    .reading = Draws should differ where the known half leaves several possibilities and agree where it does not. An autoencoder would give one answer.
    .alt = Rows of digit images completed by { $run }
figure-denoising = Denoising: { $run }
    .caption = The first test image of each class, with noise, and with the noise removed by filters and by the model.
    .reading = The last row should look like the first. A filter assumes only that neighbouring pixels are alike. The model has learned digits, so it completes strokes that the noise has broken, and sometimes wrong ones.
    .alt = Rows of digits: clean, with noise, filtered, and denoised by { $run }
figure-activities = Activity of code units: { $run }
    .caption = The share of all activities of { $run } on the test samples in each of 25 equal bins.
    .without-run = The share of all activities on the test samples in each of 25 equal bins.
    .reading = Mass at the left end means a sparse code. Mass at both ends of a bounded unit means saturation: such units are nearly binary, and small changes of the input do not change them.
    .alt = Histogram of the activities of the code units of { $run }
figure-codes = Two-dimensional codes: { $run }
    .caption = The codes of the first { $n } test samples, coloured by class.
    .reading = No labels were used. Two numbers per sample suffice for classes that lie apart. The title gives the accuracy of a vote of the five nearest training codes.
    .alt = Scatter plots of two-dimensional codes: { $run } and PCA
figure-hidden-layers = Hidden layers in two dimensions: { $run }
    .recommended = Hidden layers of the recommended network in two dimensions
    .caption = { $n } test samples, coloured by class, as they enter the network and as each hidden layer sees them, on the first two principal components of each. Their shares of the variance, from the inputs up: { $shares } %.
    .reading = The title of each panel says how many test samples lie nearest to the mean of their own class, over all values of the layer and not only over the two that are drawn. Classes move apart from layer to layer if the network tells them apart; where they overlap in the plane, they may still lie apart in other directions.
    .alt = Scatter plots of { $n } test samples, one for the inputs and one for each hidden layer. Test samples nearest to the mean of their own class, from the inputs up: { $shares } %.

## Titles of panels and axes, names of series, labels of rows

axis-inputs-seen = inputs, { $n } values: { $share } % right
axis-layer-seen = layer { $layer }, { $n } values: { $share } % right

axis-reconstruction-of-rows = Reconstruction of unseen rows
axis-reconstruction = Reconstruction of unseen images
axis-training-cost = Training cost of autoencoders
axis-training-cost-unit = Training cost of autoencoders: { $unit }
axis-one-step = One-step reconstruction of the RBM
axis-gap = Free-energy gap of the RBM
axis-likelihood = Likelihood of the RBM
axis-change = Change of the RBM's weights
axis-per-value = squared error per value
axis-per-row = squared error per row
axis-per-pixel = squared error per pixel
axis-per-image = squared error per image
axis-cost = cost
axis-cost-unit = cost ({ $unit })
axis-cost-mixed = cost (nats or squared error)
axis-unseen = nats, unseen − seen
axis-mean-log-p = mean log p(v), nats
axis-rms = rms
axis-rms-relative = rms, relative to the weights
axis-epoch = epoch
axis-layer = layer, from the data
axis-gradient = Gradient before
axis-saturated = Saturated before
axis-moved = Distance moved
axis-kept = Features kept
axis-percent-activities = % of activities
axis-relative-norm = relative norm
axis-cka = linear CKA
axis-hidden-layers = hidden layers
axis-mean = Mean
axis-spread = Spread
axis-test-error = test error, %
axis-test-error-percent = test error (%)
axis-deviation = standard deviation, points
axis-labelled = labelled training samples
axis-difference = difference of the test errors (percentage points)
axis-labels = { $labels } labels
axis-class = class
axis-predicted = predicted
axis-probability = mean probability of the predicted class, %
axis-right = predictions that are right, %
axis-as-trained = as trained
axis-calibrated = calibrated
axis-perfectly = perfectly calibrated
axis-weights = Weights
axis-weight = weight
axis-share-weights-logarithmic = share of all weights, logarithmic
axis-share-weights = share of all weights
axis-hidden-activity = Activity of hidden units
axis-mean-over-images = mean over test images
axis-share-units = share of all units
axis-activity = activity
axis-units-and-samples = % of units and samples
axis-neighbours = { $name }: 5 neighbours { $percent } % right
tile-layer = layer { $n }
tile-clean = clean
tile-noisy = noisy
tile-median = median
tile-gaussian = gaussian
tile-wiener = wiener
tile-denoised = denoised
tile-test-digit = test digit
tile-test-digits = test digits
tile-noise = noise
tile-step = 1 step
tile-steps = { $n } steps
tile-test-image = test image
tile-known = known
tile-draw = draw { $n }
tile-taken-for = { $class }, taken for { $predicted }

## Words of the built-in methods, of tests, and of what a run says about itself

method-none = no pretraining
method-raw-logistic = logistic regression
method-random-features = random features
method-pca = PCA initialisation
method-relu-dropout = rectified units with dropout
method-autoencoder = autoencoder pretraining
method-sparse = sparse-autoencoder pretraining
method-denoising = denoising-autoencoder pretraining
method-contractive = contractive-autoencoder pretraining
method-rbm = RBM pretraining
method-mixed = pretraining in several ways
method-sparse-denoising = sparse denoising-autoencoder pretraining
method-cnn = a convolutional network
method-cnn-dropout = a convolutional network with dropout and shifts
method-conv-autoencoder = convolutional-autoencoder pretraining
method-conv-denoising = convolutional denoising-autoencoder pretraining
method-conv-rbm = convolutional-RBM pretraining
told-use = Use { $text_words } ({ $text_depth }, { $labels } labels), which has the lowest validation error of the networks: { $wrong } of { $of } test samples are misclassified. The network is in `{ $folder }`; `aerbm predict { $folder } FILE` applies it to new rows; to train one again: `{ $command }`.
told-only = The network ({ $text_words }, { $text_depth }, { $labels } labels) misclassifies { $wrong } of { $of } test samples. It is in `{ $folder }`; `aerbm predict { $folder } FILE` applies it to new rows; to train one again: `{ $command }`.
told-only-but = The network ({ $text_words }, { $text_depth }, { $labels } labels) misclassifies { $wrong } of { $of } test samples. It is in `{ $folder }`; `aerbm predict { $folder } FILE` applies it to new rows; to train one again: `{ $command }`. Of the standard classifiers, { $text_better } had a lower validation error than its { $error } %.
told-use-but = Use { $text_words } ({ $text_depth }, { $labels } labels), which has the lowest validation error of the networks: { $wrong } of { $of } test samples are misclassified. The network is in `{ $folder }`; `aerbm predict { $folder } FILE` applies it to new rows; to train one again: `{ $command }`. Of the standard classifiers, { $text_better } had a lower validation error than its { $error } %.
told-no-layer = no hidden layer
told-one-layer = one hidden layer
told-layers = { $n } hidden layers
told-neighbours = k nearest neighbours ({ $error } %)
told-logistic = logistic regression ({ $error } %)
told-trees = boosted trees ({ $error } %)
told-and = { $text_first } and { $text_second }
told-comma = { $text_first }, { $text_second }
told-plane = The plane is that of the first two principal components of the codes.
told-code = The point is the code itself.
told-about-default = Not in this run, for its time: random-features, pca, sparse, contractive and mixed, which `aerbm compare --methods` adds; 3,000 and 50,000 labels (`--labels`); other numbers of hidden layers (`--depths`).
test-crossed-holm = crossed t-test, Holm
test-crossed = crossed t-test
test-paired = paired t-test
test-sign-flips = sign flips
test-mcnemar = McNemar, clustered
test-mcnemar-pooled = McNemar, pooled
