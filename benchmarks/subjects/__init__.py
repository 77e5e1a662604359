"""One file a subject. Each has `TITLE`, `measure(bench)` for the coordinator, which returns
tables, and, where peers run in workers, `prepare(case, peer)` for the worker (Python 3.7 too).
"""

SUBJECTS = [
    "dense_fit",
    "predict_one",
    "predict_many",
    "fit_sequence",
    "custom_loop",
    "mnist_mlp",
    "mnist_cnn",
    "cifar_resnet20",
    "resnet50",
    "imdb_recurrent",
    "text_cnn",
    "attention",
    "vae",
    "script_total",
    "import_time",
    "build",
    "curves",
    "memory_and_compilations",
    "growth",
    "peak_memory",
    "large_files",
    "image_augmentation",
    "image_files",
    "texts",
]
