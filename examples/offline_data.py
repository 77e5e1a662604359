'''Small data in the place of the data sets that Keras downloads: what `--offline` is for.

Each name offers the `load_data` of the module of `keras.datasets` that is called the same: the
same arguments, dtypes and shapes but for the number of samples. The digits are real ones. All
else is drawn at random, by rules simple enough to be learned in seconds.
'''
import os

import numpy as np
from PIL import Image


def split(x, y, fraction=0.8):
    '''The first part for training, the rest for testing.'''
    n = int(len(x) * fraction)
    return (x[:n], y[:n]), (x[n:], y[n:])


class mnist:
    @staticmethod
    def load_data():
        '''1797 handwritten digits that ship with hornbeam, enlarged to MNIST's 28 x 28.'''
        try:
            from keras.datasets import digits
            (x_train, y_train), (x_test, y_test) = digits.load_data()
            x, y = np.concatenate([x_train, x_test]), np.concatenate([y_train, y_test])
        except ImportError:        # another Keras has no digits: take them from this repository
            here = os.path.dirname(os.path.abspath(__file__))
            with np.load(os.path.join(here, '../hornbeam/datasets/digits.npz')) as arrays:
                order = np.random.RandomState(113).permutation(len(arrays['x']))
                x, y = arrays['x'][order], arrays['y'][order]
        images = np.zeros((len(x), 28, 28), 'uint8')
        for image, small in zip(images, x):
            ink = Image.fromarray((small * 15.9).astype('uint8'))
            image[4:24, 4:24] = np.asarray(ink.resize((20, 20), Image.BICUBIC))
        return split(images, y)


class cifar10:
    @staticmethod
    def load_data(samples=1000):
        '''Ten kinds of shapes and patterns, in two colours, at any place and of any size.'''
        random = np.random.RandomState(0)
        x = np.zeros((samples, 32, 32, 3), 'uint8')
        y = random.randint(0, 10, (samples, 1)).astype('uint8')
        for image, label in zip(x, y[:, 0]):
            size = random.uniform(7, 11)
            row, col = np.mgrid[:32, :32] - random.uniform(12, 20, (2, 1, 1))
            far, near = np.maximum(abs(row), abs(col)), np.minimum(abs(row), abs(col))
            radius = np.hypot(row, col)
            stripe = size / 2
            inside = [
                radius < size,                                     # a disc
                (radius < size) & (radius > size * 0.6),           # a ring
                far < size * 0.8,                                  # a square
                (far < size * 0.9) & (far > size * 0.5),           # a frame
                (far < size) & (near < size * 0.25),               # a cross
                (abs(row - col) < 4) | (abs(row + col) < 4),       # a cross, lying
                row // stripe % 2 == 0,                            # lying stripes
                col // stripe % 2 == 0,                            # standing stripes
                (row // stripe + col // stripe) % 2 == 0,          # a chess board
                (row % stripe < stripe / 2) & (col % stripe < stripe / 2),   # dots
            ][label]
            dark, light = random.randint(0, 100, 3), random.randint(155, 256, 3)
            colours = np.where(inside[..., None], light, dark)
            image[:] = np.clip(colours + random.normal(0, 12, colours.shape), 0, 255)
        return split(x, y)


def numbered_texts(samples, classes, lengths, share, seed):
    '''Lists of word indices, frequent words first; some words occur in texts of one class.'''
    random = np.random.RandomState(seed)
    x, y = np.empty(samples, dtype=object), random.randint(0, classes, samples)
    for i, label in enumerate(y):
        words = np.minimum(random.zipf(1.3, random.randint(*lengths)), 5000) + 1000
        telling = random.uniform(size=len(words)) < share
        words[telling] = 10 + label + classes * random.randint(0, 12, telling.sum())
        x[i] = [1] + words.tolist()
    return x, y


def keep_frequent(x, num_words, oov_char=2):
    for i, text in enumerate(x):
        x[i] = [word if num_words is None or word < num_words else oov_char for word in text]
    return x


class imdb:
    @staticmethod
    def load_data(num_words=None):
        '''Reviews in which every tenth word is of one of the two opinions.'''
        x, y = numbered_texts(1000, 2, (40, 160), 0.1, seed=1)
        return split(keep_frequent(x, num_words), y)


class reuters:
    @staticmethod
    def load_data(num_words=None, test_split=0.2):
        '''Newswires in which every eighth word is of one of the 46 topics.'''
        x, y = numbered_texts(3000, 46, (30, 120), 0.125, seed=2)
        return split(keep_frequent(x, num_words), y, 1 - test_split)


class boston_housing:
    @staticmethod
    def load_data():
        '''Prices of 506 towns, in thousands of dollars: a curved function of 13 features.'''
        random = np.random.RandomState(3)
        x = random.normal(size=(506, 13))
        y = 22 + 5 * x[:, 5] - 4 * abs(x[:, 12]) + 3 * np.tanh(2 * x[:, 0]) * x[:, 7]
        y += random.normal(size=506)
        spread, offset = 10.0 ** random.randint(-2, 3, 13), random.uniform(0, 10, 13)
        return split(x * spread + offset * spread, np.clip(y, 5, 50))


def rhyme():
    '''The Twelve Days of Christmas, a song that repeats itself.'''
    gifts = [
        'a partridge in a pear tree', 'two turtle doves', 'three french hens', 'four calling birds',
        'five gold rings', 'six geese a-laying', 'seven swans a-swimming', 'eight maids a-milking',
        'nine ladies dancing', 'ten lords a-leaping', 'eleven pipers piping',
        'twelve drummers drumming']
    days = ['first', 'second', 'third', 'fourth', 'fifth', 'sixth', 'seventh', 'eighth', 'ninth',
            'tenth', 'eleventh', 'twelfth']
    lines = []
    for number, day in enumerate(days):
        lines.append('on the %s day of christmas my true love gave to me' % day)
        lines.extend(gifts[number:0:-1])
        lines.append(('and ' if number else '') + gifts[0] + '.')
    return '\n'.join(lines) + '\n'


def number_words():
    '''The numbers from 0 to 99 in English and in Spanish: pairs of a text and its translation.'''
    english = ('zero one two three four five six seven eight nine ten eleven twelve thirteen '
               'fourteen fifteen sixteen seventeen eighteen nineteen').split()
    english_tens = 'twenty thirty forty fifty sixty seventy eighty ninety'.split()
    spanish = ('cero uno dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce '
               'quince dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós '
               'veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho '
               'veintinueve').split()
    spanish_tens = 'treinta cuarenta cincuenta sesenta setenta ochenta noventa'.split()

    def in_words(number, words, tens, joint):
        if number < len(words):
            return words[number]
        first, last = tens[number // 10 - len(words) // 10], number % 10
        return first + (joint + words[last] if last else '')

    return [(in_words(number, english, english_tens, '-'),
             in_words(number, spanish, spanish_tens, ' y ')) for number in range(100)]


def picture(kind, size, random):
    '''Stripes, or a chess board, in two colours, as floats from 0 to 255.'''
    row, col = np.mgrid[:size, :size] + random.randint(0, 16, (2, 1, 1))
    inside = {'stripes': row // 8 % 2, 'checks': (row // 8 + col // 8) % 2}[kind]
    dark, light = random.randint(0, 100, 3), random.randint(155, 256, 3)
    colours = np.where(inside[..., None], light, dark)
    return np.clip(colours + random.normal(0, 12, colours.shape), 0, 255)


def write_pictures(folder, samples=48, size=48):
    '''Writes folder/{train,validation}/{cats,dogs}/cat001.png: cats are chequered, dogs striped.'''
    random = np.random.RandomState(4)
    for part in ['train', 'validation']:
        samples //= 2
        for name, kind in [('cat', 'checks'), ('dog', 'stripes')]:
            classes = os.path.join(folder, part, name + 's')
            os.makedirs(classes)
            for number in range(1, samples + 1):
                image = Image.fromarray(picture(kind, size, random).astype('uint8'))
                image.save(os.path.join(classes, '%s%03d.png' % (name, number)))
