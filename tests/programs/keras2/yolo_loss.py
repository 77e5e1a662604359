"""A detector after keras-yolo3: heads, a loss in K with a loop over images, boxes, suppression."""
import json
from functools import wraps
import numpy as np
import tensorflow as tf
from keras import backend as K
from keras.layers import Conv2D, Input, Lambda, LeakyReLU, MaxPooling2D
from keras.layers.normalization import BatchNormalization
from keras.models import Model
from keras.optimizers import SGD
from keras.regularizers import l2


def fixed(shape, seed, scale=0.5):
    return (scale * np.random.RandomState(seed).uniform(-1, 1, size=shape)).astype('float32')


@wraps(Conv2D)
def DarknetConv2D(*args, **kwargs):
    darknet_conv_kwargs = {'kernel_regularizer': l2(5e-4)}
    darknet_conv_kwargs['padding'] = 'valid' if kwargs.get('strides') == (2, 2) else 'same'
    darknet_conv_kwargs.update(kwargs)
    return Conv2D(*args, **darknet_conv_kwargs)


def yolo_head(feats, anchors, num_classes, input_shape, calc_loss=False):
    num_anchors = len(anchors)
    anchors_tensor = K.reshape(K.constant(anchors), [1, 1, 1, num_anchors, 2])
    grid_shape = K.shape(feats)[1:3]  # height, width
    grid_y = K.tile(K.reshape(K.arange(0, stop=grid_shape[0]), [-1, 1, 1, 1]),
                    [1, grid_shape[1], 1, 1])
    grid_x = K.tile(K.reshape(K.arange(0, stop=grid_shape[1]), [1, -1, 1, 1]),
                    [grid_shape[0], 1, 1, 1])
    grid = K.cast(K.concatenate([grid_x, grid_y]), K.dtype(feats))
    feats = K.reshape(feats, [-1, grid_shape[0], grid_shape[1], num_anchors, num_classes + 5])
    box_xy = (K.sigmoid(feats[..., :2]) + grid) / K.cast(grid_shape[::-1], K.dtype(feats))
    box_wh = K.exp(feats[..., 2:4]) * anchors_tensor / K.cast(input_shape[::-1], K.dtype(feats))
    box_confidence = K.sigmoid(feats[..., 4:5])
    box_class_probs = K.sigmoid(feats[..., 5:])
    if calc_loss:
        return grid, feats, box_xy, box_wh
    return box_xy, box_wh, box_confidence, box_class_probs


def box_iou(b1, b2):
    b1 = K.expand_dims(b1, -2)
    b1_xy, b1_wh = b1[..., :2], b1[..., 2:4]
    b1_mins, b1_maxes = b1_xy - b1_wh / 2., b1_xy + b1_wh / 2.
    b2 = K.expand_dims(b2, 0)
    b2_xy, b2_wh = b2[..., :2], b2[..., 2:4]
    b2_mins, b2_maxes = b2_xy - b2_wh / 2., b2_xy + b2_wh / 2.
    intersect_wh = K.maximum(K.minimum(b1_maxes, b2_maxes) - K.maximum(b1_mins, b2_mins), 0.)
    intersect_area = intersect_wh[..., 0] * intersect_wh[..., 1]
    areas = b1_wh[..., 0] * b1_wh[..., 1] + b2_wh[..., 0] * b2_wh[..., 1]
    return intersect_area / (areas - intersect_area)


def yolo_loss(args, anchors, num_classes, ignore_thresh=.5):
    yolo_output, y_true = args
    input_shape = K.cast(K.shape(yolo_output)[1:3] * 4, K.dtype(y_true))
    m = K.shape(yolo_output)[0]  # batch size, tensor
    mf = K.cast(m, K.dtype(yolo_output))
    object_mask, true_class_probs = y_true[..., 4:5], y_true[..., 5:]
    grid, raw_pred, pred_xy, pred_wh = yolo_head(yolo_output, anchors, num_classes, input_shape,
                                                 calc_loss=True)
    pred_box = K.concatenate([pred_xy, pred_wh])
    raw_true_xy = y_true[..., :2] * K.cast(K.shape(yolo_output)[1:3], 'float32')[::-1] - grid
    raw_true_wh = K.log(y_true[..., 2:4] / anchors * input_shape[::-1])
    raw_true_wh = K.switch(object_mask, raw_true_wh, K.zeros_like(raw_true_wh))  # avoid log(0)=-inf
    box_loss_scale = 2 - y_true[..., 2:3] * y_true[..., 3:4]
    # Find ignore mask, iterate over each of batch.
    ignore_mask = tf.TensorArray(K.dtype(y_true), size=1, dynamic_size=True)

    def loop_body(b, ignore_mask):
        true_box = K.reshape(y_true[b, ..., 0:4] * object_mask[b], [-1, 4])  # zeros: no object
        best_iou = K.max(box_iou(pred_box[b], true_box), axis=-1)
        ignore_mask = ignore_mask.write(b, K.cast(best_iou < ignore_thresh, K.dtype(true_box)))
        return b + 1, ignore_mask

    _, ignore_mask = tf.while_loop(lambda b, *args: b < m, loop_body, [0, ignore_mask])
    ignore_mask = K.expand_dims(ignore_mask.stack(), -1)
    # K.binary_crossentropy is helpful to avoid exp overflow.
    xy_loss = object_mask * box_loss_scale * K.binary_crossentropy(raw_true_xy, raw_pred[..., 0:2],
                                                                   from_logits=True)
    wh_loss = object_mask * box_loss_scale * 0.5 * K.square(raw_true_wh - raw_pred[..., 2:4])
    confidence = K.binary_crossentropy(object_mask, raw_pred[..., 4:5], from_logits=True)
    confidence_loss = object_mask * confidence + (1 - object_mask) * confidence * ignore_mask
    class_loss = object_mask * K.binary_crossentropy(true_class_probs, raw_pred[..., 5:],
                                                     from_logits=True)
    return sum(K.sum(part) / mf for part in (xy_loss, wh_loss, confidence_loss, class_loss))


anchors, num_classes = np.array([[4., 6.], [8., 5.]]), 2
image_input = Input(shape=(None, None, 3))
y = DarknetConv2D(6, (3, 3), use_bias=False)(image_input)
y = LeakyReLU(alpha=0.1)(BatchNormalization()(y))
y = MaxPooling2D((4, 4))(y)
head = DarknetConv2D(2 * (num_classes + 5), (1, 1))(y)
y_true = Input(shape=(4, 4, 2, num_classes + 5))
model_loss = Lambda(yolo_loss, output_shape=(1,), name='yolo_loss',
                    arguments={'anchors': anchors, 'num_classes': num_classes})([head, y_true])
model = Model([image_input, y_true], model_loss)
weights = [fixed(w.shape, i, .3) for i, w in enumerate(model.get_weights())]
weights[4] = weights[4] + 1.
model.set_weights(weights)
model.compile(optimizer=SGD(lr=1e-3), loss={'yolo_loss': lambda y_true, y_pred: y_pred})

truth = np.zeros((3, 4, 4, 2, 7), 'float32')
for b, (i, j, a, c) in enumerate([(1, 2, 0, 1), (3, 0, 1, 0), (2, 2, 1, 1)]):
    truth[b, i, j, a, :5] = [(j + .3) / 4, (i + .6) / 4, .35, .3, 1.]
    truth[b, i, j, a, 5 + c] = 1.
images = fixed((3, 16, 16, 3), 60, 1.)
losses = [float(model.train_on_batch([images, truth], np.zeros(3))) for i in range(3)]
boxes = K.function([image_input],
                   list(yolo_head(head, anchors, num_classes, K.constant([16., 16.]))))
xy, wh, confidence, probs = boxes([images])
scores = (confidence * probs)[0].reshape(-1, 2).max(axis=-1)
corners = np.concatenate([xy[0] - wh[0] / 2, xy[0] + wh[0] / 2], -1).reshape(-1, 4)
order, kept = list(np.argsort(-scores)), []
while order:  # greedy non-maximum suppression
    kept.append(int(order.pop(0)))
    iou = K.eval(box_iou(K.constant(np.r_[(corners[kept[-1], :2] + corners[kept[-1], 2:]) / 2,
                                          corners[kept[-1], 2:] - corners[kept[-1], :2]]),
                         K.constant(np.c_[(corners[:, :2] + corners[:, 2:]) / 2,
                                          corners[:, 2:] - corners[:, :2]])))
    order = [i for i in order if iou.ravel()[i] < .3]

print(json.dumps({
    'losses': losses,
    'xy': xy[0, :2, :2].tolist(),
    'wh': wh[0, 0].tolist(),
    'confidence': confidence[0, :, :, 0, 0].tolist(),
    'kept': kept,
    'grid': list(xy.shape),
}))
