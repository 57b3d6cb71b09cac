import { SHAPES, getCorners, toX, toY } from "./matrix_geometry";

const TICKS = [0, 25, 50, 75, 100];

/** Makes a canvas as sharp as the screen; what is drawn counts in CSS pixels. */
export function fitCanvas(canvas, width, height) {
    const ratio = window.devicePixelRatio || 1;
    const [wide, high] = [Math.round(width * ratio), Math.round(height * ratio)];
    if (canvas.width !== wide || canvas.height !== high) {
        canvas.width = wide;
        canvas.height = high;
    }
    const context = canvas.getContext("2d");
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, height);
    return context;
}

/** Begins the outline of a bubble; it is neither filled nor stroked. */
export function trace(context, shape, x, y, radius) {
    const corners = getCorners(shape, radius);
    context.beginPath();
    if (!corners.length) {
        context.arc(x, y, radius, 0, 2 * Math.PI);
        return;
    }
    corners.forEach(([dx, dy], index) =>
        index ? context.lineTo(x + dx, y + dy) : context.moveTo(x + dx, y + dy)
    );
    context.closePath();
}

/** The frame: axes, the thresholds that part the classes, and their names. */
export function paintFrame(context, plot, { colors, thresholds, labels, isNarrow }) {
    const { left, top, width, height } = plot;
    const [bottom, right] = [top + height, left + width];
    context.font = `${isNarrow ? 11 : 12}px ${colors.font}`;
    context.lineWidth = 1;
    context.fillStyle = colors.text;
    context.strokeStyle = colors.text;
    for (const tick of TICKS) {
        const [x, y] = [toX(plot, tick), toY(plot, tick)];
        context.globalAlpha = 0.12;
        line(context, x, top, x, bottom);
        line(context, left, y, right, y);
        context.globalAlpha = 0.8;
        context.textAlign = "center";
        context.textBaseline = "top";
        context.fillText(tick, x, bottom + 5);
        context.textAlign = "right";
        context.textBaseline = "middle";
        context.fillText(tick, left - 6, y);
    }
    context.globalAlpha = 0.4;
    context.strokeRect(left, top, width, height);
    context.globalAlpha = 0.55;
    context.setLineDash([5, 4]);
    const [x, y] = [toX(plot, thresholds.strain), toY(plot, thresholds.credit)];
    line(context, x, top, x, bottom);
    line(context, left, y, right, y);
    context.setLineDash([]);
    context.globalAlpha = 1;
    paintAxisNames(context, plot, labels);
    paintClassNames(context, plot, labels);
}

function line(context, fromX, fromY, toX, toY) {
    context.beginPath();
    context.moveTo(fromX, fromY);
    context.lineTo(toX, toY);
    context.stroke();
}

function paintAxisNames(context, { left, top, width, height }, labels) {
    context.textAlign = "center";
    context.textBaseline = "bottom";
    context.fillText(labels.strain, left + width / 2, top + height + 36);
    context.save();
    context.translate(left - 40, top + height / 2);
    context.rotate(-Math.PI / 2);
    context.textBaseline = "top";
    context.fillText(labels.credit, 0, 0);
    context.restore();
}

/** Each class is named in its corner. */
function paintClassNames(context, { left, top, width, height }, labels) {
    const places = {
        preferred: [left + 6, top + 5, "left", "top"],
        demanding: [left + width - 6, top + 5, "right", "top"],
        regular: [left + 6, top + height - 5, "left", "bottom"],
        draining: [left + width - 6, top + height - 5, "right", "bottom"],
    };
    context.globalAlpha = 0.6;
    for (const [key, [x, y, align, baseline]] of Object.entries(places)) {
        context.textAlign = align;
        context.textBaseline = baseline;
        context.fillText(labels.classes[key], x, y);
    }
    context.globalAlpha = 1;
}

export function paintBubbles(context, places, colors) {
    context.lineWidth = 1;
    for (const { bubble, x, y, radius } of places) {
        trace(context, SHAPES[bubble.class], x, y, radius);
        context.fillStyle = context.strokeStyle = colors[bubble.class];
        context.globalAlpha = 0.45;
        context.fill();
        context.globalAlpha = 1;
        context.stroke();
    }
}

/** What is selected is filled and framed in the colour of the text. */
export function paintSelection(context, places, colors) {
    for (const { bubble, x, y, radius } of places) {
        trace(context, SHAPES[bubble.class], x, y, radius);
        context.globalAlpha = 0.85;
        context.fillStyle = colors[bubble.class];
        context.fill();
        context.globalAlpha = 1;
        context.lineWidth = radius > 8 ? 2.5 : 1.5;
        context.strokeStyle = colors.text;
        context.stroke();
    }
}

/** A ring that shows on any ground, around what is pointed at or has the focus. */
export function paintRing(context, { x, y, radius }, colors, isFocus) {
    const ring = radius + (isFocus ? 6 : 4);
    for (const [width, color] of [
        [isFocus ? 6 : 4, colors.ground],
        [isFocus ? 3 : 1.5, isFocus ? colors.focus : colors.text],
    ]) {
        context.lineWidth = width;
        context.strokeStyle = color;
        context.beginPath();
        context.arc(x, y, ring, 0, 2 * Math.PI);
        context.stroke();
    }
}

export function paintLasso(context, polygon, colors) {
    context.beginPath();
    polygon.forEach(([x, y], index) => (index ? context.lineTo(x, y) : context.moveTo(x, y)));
    context.closePath();
    context.fillStyle = context.strokeStyle = colors.focus;
    context.globalAlpha = 0.12;
    context.fill();
    context.globalAlpha = 1;
    context.lineWidth = 1.5;
    context.setLineDash([6, 4]);
    context.stroke();
    context.setLineDash([]);
}
