/**
 * A photo made small on the phone: drawn anew, at most 2048 pixels and 1.5 MB. Drawing leaves every hidden thing of the
 * file behind: place, camera, owner, preview. Resolves to null where this browser cannot read the picture.
 */
const LONGEST_SIDE = 2048;
const MOST_BYTES = 1_500_000;
const STEPS = [[1, 0.82], [1, 0.7], [0.75, 0.7], [0.5, 0.7], [0.35, 0.6]];

export async function shrink(file) {
  const picture = await decoded(file);
  if (!picture) return null;
  const fitting = Math.min(1, LONGEST_SIDE / Math.max(picture.width, picture.height));
  let small = null;
  for (const [scale, quality] of STEPS) {
    small = await encoded(picture, fitting * scale, quality);
    if (small && small.size <= MOST_BYTES) break;
  }
  picture.close?.();
  return small && small.size <= MOST_BYTES ? small : null;
}

async function decoded(file) {
  try {
    return await createImageBitmap(file, { imageOrientation: 'from-image' });
  } catch {
    return viaElement(file);
  }
}

/** Older browsers know no option of createImageBitmap, but turn a picture right in an element. */
async function viaElement(file) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  try {
    await image.decode();
    return Object.assign(image, { width: image.naturalWidth, height: image.naturalHeight });
  } catch {
    return null;
  } finally {
    URL.revokeObjectURL(image.src);
  }
}

async function encoded(picture, scale, quality) {
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext('2d');
  pen.fillStyle = '#fff'; // where the picture is transparent; JPEG knows no such thing
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await asBlob(canvas, 'image/webp', quality);
  const small = blob?.type === 'image/webp' ? blob : await asBlob(canvas, 'image/jpeg', quality);
  canvas.width = canvas.height = 0; // old phones keep the memory otherwise
  return small;
}

function asBlob(canvas, type, quality) {
  return new Promise((resolve) => { canvas.toBlob(resolve, type, quality); });
}
